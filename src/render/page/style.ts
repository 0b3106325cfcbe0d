/** The page's only style sheet. Colours in pairs, light and dark, each at least 4.5 : 1 against what it stands on. */
export const STYLE = `
:root{color-scheme:light dark;--back:#fff;--card:#f6f8fa;--line:#d1d9e0;--text:#1f2328;--soft:#59636e;--link:#0550ae;--error:#c4212b;--warn:#875400;--passed:#1a7034;--error-back:#fff1f0;--warn-back:#fff8e5;--pass-back:#eefbf1;--error-bar:#d1242f;--warn-bar:#d4a72c;--passed-bar:#4ac26b;--other-bar:#8c959f;--mark:#fff3bf}
@media (prefers-color-scheme:dark){:root{--back:#0d1117;--card:#161b22;--line:#3d444d;--text:#e6edf3;--soft:#9da7b3;--link:#79b8ff;--error:#ff8f87;--warn:#e3b341;--passed:#6fdd8b;--error-back:#2a1416;--warn-back:#272011;--pass-back:#0f2417;--error-bar:#f85149;--warn-bar:#bb8009;--passed-bar:#2f8a46;--other-bar:#6e7681;--mark:#3a3211}}
*{box-sizing:border-box}
html{scroll-padding-top:9rem}
body{margin:0 auto;max-width:68rem;padding:1.25rem 1rem 3rem;background:var(--back);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
h1,h2,h3,p,dl,dd,ul,ol,table,pre{margin:0;padding:0}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.87em}
header{border:1px solid var(--line);border-left:6px solid var(--soft);border-radius:8px;padding:.9rem 1.1rem;background:var(--card)}
header.error{border-left-color:var(--error);background:var(--error-back)}
header.warn{border-left-color:var(--warn-bar);background:var(--warn-back)}
header.pass{border-left-color:var(--passed);background:var(--pass-back)}
.level{font-weight:700;text-transform:uppercase;letter-spacing:.06em;font-size:.8rem;color:var(--soft)}
.error .level{color:var(--error)}.warn .level{color:var(--warn)}.pass .level{color:var(--passed)}
h1{font-size:1.45rem;line-height:1.3;margin:.1rem 0 .3rem}
.about{color:var(--soft)}.about b{color:var(--text)}.about code{color:var(--text)}
#tools{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;align-items:flex-start;gap:.5rem 1rem;margin:0 -1rem;padding:.7rem 1rem;background:var(--back);border-bottom:1px solid var(--line)}
nav{flex:1 1 auto}nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none}
nav a{text-decoration:none;display:inline-block;padding:.15rem 0}nav a:hover{text-decoration:underline}
#filter{flex:0 1 20rem}#filter:empty{display:none}
#filter p{font-size:.8rem;color:var(--soft)}
input{width:100%;font:inherit;font-size:.93em;padding:.3rem .6rem;border:1px solid var(--soft);border-radius:6px;background:var(--back);color:var(--text)}
input::placeholder{color:var(--soft);opacity:1}
.count{display:inline-block;min-width:1.5em;padding:0 .45em;border-radius:1em;border:1px solid var(--line);background:var(--card);color:var(--soft);font-size:.78em;font-weight:400;text-align:center}
section{margin-top:1.9rem}
h2{font-size:1.15rem;margin-bottom:.6rem}
.card{border:1px solid var(--line);border-left:4px solid var(--warn-bar);border-radius:8px;padding:.75rem 1rem;margin-bottom:.8rem;content-visibility:auto;contain-intrinsic-size:auto 14rem}
.card.error{border-left-color:var(--error)}
.card:target,li:target,tr:target,tr.named{background:var(--mark)}
h3{font-size:1rem;line-height:1.4}#timing h3{margin-top:.9rem}
h3 a{color:var(--text);text-decoration:none}h3 a:hover{text-decoration:underline}
h3 span{font-weight:400;color:var(--soft)}
.card.error .fault strong{color:var(--error)}.card.warn .fault strong{color:var(--warn)}
.badge{display:inline-block;padding:0 .5em;border-radius:1em;border:1px solid var(--line);font-size:.8em;color:var(--soft)}
.age{color:var(--soft)}
.badge.new{border-color:var(--link);color:var(--link);font-weight:600}
pre{white-space:pre-wrap;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.6rem .75rem;margin:.55rem 0;line-height:1.45}
dl{margin:.45rem 0}
dl div{display:grid;grid-template-columns:9.5rem 1fr;gap:0 .75rem;padding:.13rem 0}
dt{color:var(--soft)}
dd p+p{margin-top:.2rem}
dd ol{padding-left:1.3rem}
details{margin-top:.3rem}
summary{cursor:pointer}summary code{color:var(--soft)}
.names{display:flex;flex-wrap:wrap;gap:.1rem .9rem;list-style:none}
.rows{margin-top:.3rem}
button{font:inherit;font-size:.78em;padding:0 .5em;border:1px solid var(--line);border-radius:5px;background:var(--back);color:var(--text);cursor:pointer}
button:hover{border-color:var(--soft)}
pre.sql b{color:var(--link);font-weight:600}pre.sql i{color:var(--soft);font-style:italic}pre.sql span{color:var(--passed)}
.cut,.note,.legend,footer{color:var(--soft);font-size:.93em}
.cut{margin-top:.4rem}
.caution{border-left:4px solid var(--warn-bar);padding-left:.7rem;margin:.4rem 0}
.roots{list-style:none;margin-top:.6rem}
.roots>li{padding:.4rem 0;border-top:1px solid var(--line)}
.roots>li>span{color:var(--soft)}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft);font-size:.87em}
th:first-child,td:first-child{width:6rem;padding-left:0;overflow-wrap:normal}
#nodes th:last-child,#nodes td:last-child{text-align:right;white-space:nowrap;width:7rem;padding-right:0;font-variant-numeric:tabular-nums}
td span{color:var(--soft);font-size:.87em}
td.error,td.warn,td.passed,td.skipped{font-weight:600}
td.error{color:var(--error)}td.warn{color:var(--warn)}td.passed{color:var(--passed)}td.skipped,td.neutral{color:var(--soft)}
.lanes{display:block;width:100%;margin-top:.6rem;background:var(--card);border:1px solid var(--line);border-radius:6px}
.lanes rect{fill:var(--other-bar)}
.lanes .error{fill:var(--error-bar)}.lanes .warn{fill:var(--warn-bar)}.lanes .passed{fill:var(--passed-bar)}
.lanes .usual{fill:var(--soft)}
.lanes .chain{stroke:var(--link);stroke-width:2;vector-effect:non-scaling-stroke}
.lanes rect:hover{opacity:.7}
.ticks{display:flex;justify-content:space-between;color:var(--soft);font-size:.8rem;font-variant-numeric:tabular-nums}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;margin:.3rem 0 .8rem}
.legend span::before{content:"";display:inline-block;width:.75em;height:.75em;border-radius:2px;margin-right:.4em;background:var(--other-bar)}
.legend .error::before{background:var(--error-bar)}.legend .warn::before{background:var(--warn-bar)}.legend .passed::before{background:var(--passed-bar)}.legend .chain::before{background:none;border:2px solid var(--link)}.legend .usual::before{height:2px;vertical-align:middle;background:var(--soft)}
.graph{overflow-x:auto;margin-top:.6rem;padding:.5rem;background:var(--card);border:1px solid var(--line);border-radius:6px}
.graph svg{display:block}
.graph path{fill:none;stroke:var(--other-bar);stroke-width:1.2}.graph .stopped{stroke:var(--error);stroke-width:1.6}
.graph rect{fill:var(--back);stroke:var(--other-bar)}
.graph rect.error{fill:var(--error-back);stroke:var(--error);stroke-width:2}.graph rect.warn{fill:var(--warn-back);stroke:var(--warn-bar);stroke-width:2}.graph rect.skipped,.graph rect.more{stroke-dasharray:4 3}
.graph text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;fill:var(--text)}
.graph text[class]{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--soft)}.graph text.error{fill:var(--error)}.graph text.warn{fill:var(--warn)}
.graph a:hover rect,.graph a:focus-visible rect{stroke:var(--link);stroke-width:2.5;stroke-dasharray:none}.graph a:hover text:first-of-type{fill:var(--link)}
.slowest{padding-left:1.5rem;margin-top:.3rem;font-variant-numeric:tabular-nums}
footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.7rem}
@media (max-width:40rem){body{padding:.75rem .75rem 2rem}html{scroll-padding-top:1rem}#tools{position:static;margin:0 -.75rem;padding:.6rem .75rem}#filter{flex:1 1 100%}dl div{grid-template-columns:1fr}h1{font-size:1.2rem}th:first-child,td:first-child{width:4.6rem}#nodes th:last-child,#nodes td:last-child{width:4.6rem}.ticks span:nth-child(even){display:none}}
@media (min-width:72rem){.graph{position:relative;left:50%;transform:translateX(-50%);width:max-content;min-width:100%;max-width:calc(100vw - 3rem)}}
@media print{#tools{display:none}.graph{overflow:visible}.card{content-visibility:visible;break-inside:avoid}}
`;
