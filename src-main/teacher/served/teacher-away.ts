/** A run was asked to stop while it waited for its teacher's server: what it had begun is given up, and nothing else. */
export class TeacherAway extends Error {
  override readonly name = 'TeacherAway';
}
