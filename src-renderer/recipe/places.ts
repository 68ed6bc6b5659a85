/** The step of the wizard in which a field of the recipe is set. */
export function pageOf(path: string): 'data' | 'models' | 'method' | 'review' {
  const [section] = path.split('.');
  switch (section) {
    case 'data': return 'data';
    case 'teacher': case 'student': return 'models';
    case 'method': case 'train': case 'evaluate': case 'checkpoint': case 'seed': case 'stages': return 'method';
    default: return 'review';
  }
}
