import { X_AXES, type XAxis } from './x-axis.ts';

const KEY = 'chart-view';

/** How charts are looked at: the same on every screen, remembered in this window. */
export class ChartView {
  axis = $state<XAxis>('step');
  isLog = $state(false);
  isClipped = $state(false);
  /** 0 as it is, to 0.99. */
  smoothing = $state(0);

  constructor() {
    const known = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<ChartView>;
    this.axis = X_AXES.find((axis) => axis === known.axis) ?? 'step';
    this.isLog = known.isLog === true;
    this.isClipped = known.isClipped === true;
    this.smoothing = typeof known.smoothing === 'number' ? Math.min(0.99, Math.max(0, known.smoothing)) : 0;
  }

  keep(): void {
    const { axis, isLog, isClipped, smoothing } = this;
    localStorage.setItem(KEY, JSON.stringify({ axis, isLog, isClipped, smoothing }));
  }
}
