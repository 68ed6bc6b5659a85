import { join } from 'node:path';
import { openHome, type Home } from '../../src-main/service/home.ts';
import { tinyProject, type TinyProject } from './tiny-project.ts';

/** A tiny project and an open data folder in it. */
export interface ProjectHome { project: TinyProject; home: Home }

export async function openProjectHome(): Promise<ProjectHome> {
  const project = await tinyProject();
  return { project, home: await openHome(join(project.folder, 'home')) };
}

export async function removeProjectHome({ project, home }: ProjectHome): Promise<void> {
  await home.close();
  await project.remove();
}
