import { refuse } from './fault.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const two = (value: number): string => String(value).padStart(2, '0');

/** Python's strftime of local time, in the C locale. */
export function strftime(format: string, date: Date): string {
  return format.replace(/%(-?)([a-zA-Z%]?)/g, (whole, dash: string, kind: string) => {
    const text = field(kind, date) ?? refuse(`the date format ${whole}`);
    return dash === '' ? text : text.replace(/^0+(?=\d)/, '');
  });
}

function field(kind: string, date: Date): string | null {
  const hours = date.getHours();
  switch (kind) {
    case 'Y': return String(date.getFullYear());
    case 'y': return two(date.getFullYear() % 100);
    case 'm': return two(date.getMonth() + 1);
    case 'd': return two(date.getDate());
    case 'e': return String(date.getDate()).padStart(2);
    case 'B': return MONTHS[date.getMonth()]!;
    case 'b': case 'h': return MONTHS[date.getMonth()]!.slice(0, 3);
    case 'A': return DAYS[date.getDay()]!;
    case 'a': return DAYS[date.getDay()]!.slice(0, 3);
    case 'H': return two(hours);
    case 'I': return two(hours % 12 || 12);
    case 'p': return hours < 12 ? 'AM' : 'PM';
    case 'M': return two(date.getMinutes());
    case 'S': return two(date.getSeconds());
    case 'f': return String(date.getMilliseconds() * 1000).padStart(6, '0');
    case 'j': return String(Math.round((Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - Date.UTC(date.getFullYear(), 0, 0)) / 86_400_000)).padStart(3, '0');
    case 'w': return String(date.getDay());
    case 'F': return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    case 'T': return `${two(hours)}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
    case '%': return '%';
    default: return null;
  }
}
