/** The colours of the program: one meaning for each, in both themes. Every pair of text and ground reaches 4.5 : 1. */
const LIGHT = `
--surface:#fcfcfb;--surface-2:#f1f2f1;--border:#d5d8d7;--strong:#868d8c;--text:#171b1c;--quiet:#565e60;--accent:#2457a6;--teacher:#9a4a0c;--student:#0a6c70;--data:#626a6c;
--good:#23692c;--warn:#825300;--bad:#b3261e;--bar:#6f42b5;--d1:#efe8fa;--d2:#ddcef4;--d3:#c8b0ec;--d4:#b592e4;--d5:#a47bdc;`;
const DARK = `
--surface:#14181a;--surface-2:#1c2124;--border:#333b3f;--strong:#78848a;--text:#e4e8e8;--quiet:#a2acaf;--accent:#82b1f5;--teacher:#eba25f;--student:#5cc7c4;--data:#a5aeb1;
--good:#80ca88;--warn:#e9bb5c;--bad:#ff9088;--bar:#b79aee;--d1:#2a2440;--d2:#392e5a;--d3:#4a3a76;--d4:#5c4692;--d5:#6e53ae;`;

const HUES = ['student', 'teacher', 'data', 'accent'].map((hue) => `.hue-${hue}{stroke:var(--${hue});fill:var(--${hue})}.of-${hue}{--hue:var(--${hue})}`).join('');
/** The height of the bar below a token says the same as its ground, without colour. */
const LEVELS = [1, 2, 3, 4, 5].map((level) => `.level-${level}{background-color:var(--d${level});background-size:100% ${level + (level > 3 ? 1 : 0)}px}`).join('');

/** A report's style: quiet and dense, system fonts, an 8-pixel grid. Paper is always light. */
export const STYLE = `
:root{color-scheme:light dark;${LIGHT}
--mono:ui-monospace,'SF Mono','Cascadia Mono','JetBrains Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;--sans:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif}
@media screen and (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
body{margin:0;background:var(--surface);color:var(--text);font:14px/1.5 var(--sans);-webkit-text-size-adjust:100%}
main,footer{max-width:1120px;margin:0 auto;padding:24px}
h1,h2,h3{margin:0;line-height:1.25;font-weight:600;letter-spacing:-.005em;overflow-wrap:anywhere}
h1{font-size:24px} h2{margin:40px 0 12px;padding-top:12px;border-top:1px solid var(--border);font-size:16px} h3{font-size:14px}
h2 .quiet{margin-left:6px;font-size:13px;font-weight:400} p{margin:0 0 8px} small{font-size:12px;color:var(--quiet)}
dl,ol,figure{margin:0;padding:0} dd{margin:0} ol{list-style:none} code,pre,.text,.strip{font-family:var(--mono);font-size:13px}
.quiet{color:var(--quiet)} .teacher{color:var(--teacher)} .student{color:var(--student)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
.kicker{margin:0 0 2px;color:var(--quiet);font-size:12px;letter-spacing:.04em}
.status{display:inline-block;padding:1px 9px;border:1px solid currentcolor;border-radius:10px;color:var(--quiet);font-size:12px;font-weight:400;letter-spacing:0;vertical-align:4px}
.status.done{color:var(--good)} .status.failed{color:var(--bad)} .status.interrupted{color:var(--warn)} .status.running{color:var(--accent)}
.tags span{padding:0 7px;border:1px solid var(--border);border-radius:9px;background:var(--surface-2);color:var(--quiet);font-size:12px}
.facts{display:flex;flex-wrap:wrap;gap:8px 32px;margin:16px 0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere} dt{color:var(--quiet);font-size:12px}
.method{max-width:80ch} .error{padding:8px 12px;border:1px solid var(--border);border-left:3px solid var(--bad);background:var(--surface-2);overflow-wrap:anywhere}
.figures{display:flex;flex-wrap:wrap;gap:1px;width:fit-content;margin-top:24px;padding:1px;background:var(--border);font-variant-numeric:tabular-nums}
.figures>div{flex:1 0 auto;min-width:150px;padding:8px 24px 8px 12px;background:var(--surface)} .figures b{font-size:22px;font-weight:600;letter-spacing:-.01em} .figures dd.quiet{font-size:12px}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(330px,100%),1fr));gap:24px 32px}
.chart svg{display:block;width:100%;height:auto} figcaption{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 12px;min-height:21px}
.key{color:var(--quiet);font-size:12px;white-space:nowrap} .key svg{display:inline-block;width:22px;height:8px;margin-right:4px}
svg text{fill:var(--text);font:11px var(--sans)} svg .quiet{fill:var(--quiet);font-variant-numeric:tabular-nums} .grid{stroke:var(--border);stroke-width:1}
${HUES} line,polyline{stroke-width:1.75;stroke-linejoin:round} polyline[class]{fill:none} .band{stroke:none;fill-opacity:.16} .whisker{stroke-width:1.25;stroke-opacity:.75} circle{r:2.75px;stroke:none}
details{margin-top:4px} summary{color:var(--quiet);font-size:12px;cursor:pointer} summary:hover{color:var(--text)}
.scroll{max-height:320px;overflow:auto;border:1px solid var(--border)} details .scroll{margin-top:4px}
table{width:100%;border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums} th,td{padding:3px 12px;text-align:right;font-weight:400;white-space:nowrap}
tr>:first-child,tr>.words{text-align:left} td.words{white-space:normal;overflow-wrap:anywhere} thead th{position:sticky;top:0;background:var(--surface-2);color:var(--quiet);font-size:12px} tbody tr+tr>*{border-top:1px solid var(--border)}
.who{margin:0 0 2px;color:var(--quiet);font-size:12px} .who.student{color:var(--student)} .who.teacher{color:var(--teacher)} .same{color:var(--good)}
.text{margin:0 0 8px;white-space:pre-wrap;overflow-wrap:anywhere}
.answers>li,.cards>li{padding:12px 0;border-top:1px solid var(--border);break-inside:avoid} .answers>li:first-child,.cards>li:first-child{border-top:0}
.answers>li{display:grid;grid-template-columns:minmax(180px,1fr) 3fr;gap:0 24px} .beside{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(200px,100%),1fr));gap:0 16px} .beside>div{padding-left:10px;border-left:3px solid var(--hue)}
.beside>.of-teacher{border-left-style:double} .beside>.of-data{border-left-style:dashed} .beside .text{margin:0}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(440px,100%),1fr));gap:0 24px}
@media (min-width:960px){.cards>li:nth-child(2){border-top:0}}
.kinds{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:8px 24px;margin:8px 0 16px} .kinds svg{display:block;width:100%;height:4px} .rail{fill:var(--surface-2)} .fill{fill:var(--bar)}
.strip{margin:0 0 8px;line-height:2.15;overflow-wrap:anywhere}
.token{margin-right:1px;padding:3px 1px 7px;border-radius:2px;background:linear-gradient(var(--bar),var(--bar)) bottom/100% 0 no-repeat;font-family:var(--mono);white-space:pre-wrap;print-color-adjust:exact;-webkit-print-color-adjust:exact}
${LEVELS} .choice{text-decoration:underline dotted;text-underline-offset:3px} .consequence{text-decoration:underline dashed;text-underline-offset:3px}
.fork{padding-inline:2px;box-shadow:0 0 0 2px var(--bad);font-weight:700} .token+.fork{margin-left:2px} .fork+.token{margin-left:3px} sup{font:700 10px var(--sans);line-height:0} .legend{font-size:12px} .legend .token{margin-right:3px;color:var(--text)}
.forks{counter-reset:fork;margin-bottom:8px} .forks li{counter-increment:fork;padding-left:18px;text-indent:-18px;overflow-wrap:anywhere} .forks li::before{content:counter(fork);display:inline-block;width:18px;color:var(--quiet);font-size:12px;text-indent:0} .forks li>*{text-indent:0} .forks code{white-space:pre-wrap}
.split{display:block;width:100%;height:14px;margin-bottom:8px} .split rect{stroke:none} .split .hue-rest{fill:var(--strong)} .swatch{display:inline-block;width:9px;height:9px;margin-right:7px;background:var(--hue,var(--strong));print-color-adjust:exact}
pre{max-height:480px;overflow:auto;margin:4px 0 0;padding:12px;border:1px solid var(--border);background:var(--surface-2)}
.meaning{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(440px,100%),1fr));gap:6px 24px} .meaning dt{color:var(--text);font-size:13px;font-weight:600} .meaning dd{color:var(--quiet);font-size:13px}
footer{padding-top:0;color:var(--quiet);font-size:12px;overflow-wrap:anywhere}
@media (max-width:640px){main,footer{padding:16px} .answers>li{grid-template-columns:1fr}}
@media print{body{font-size:11px} main,footer{max-width:none;padding:0} h2{break-after:avoid} .charts{grid-template-columns:1fr 1fr;gap:16px} .chart,.figures>div,tr{break-inside:avoid} .chart details{display:none}
.scroll,pre{max-height:none;overflow:visible} pre{white-space:pre-wrap} details.printed::details-content{content-visibility:visible;block-size:auto}}
`;
