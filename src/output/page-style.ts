/** The style of HTML pages: system fonts, two themes by the reader's own setting, one column that fits a phone. */
export const style = `
:root{--ink:#1b1f24;--soft:#57606a;--paper:#fff;--card:#f6f8fa;--edge:#d0d7de;--red:#b3261e;--green:#1a7f37;--amber:#8a5a00;--blue:#0b5cad}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4ae;--paper:#0d1117;--card:#161b22;--edge:#30363d;--red:#ff8b82;--green:#5bd47a;--amber:#e3b341;--blue:#79b8ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
header{border-left:.5rem solid var(--amber);padding-left:1rem}
header.healthy{border-color:var(--green)}header.faulty{border-color:var(--red)}
.word{margin:0;font-weight:700;letter-spacing:.08em;color:var(--amber)}
.healthy .word{color:var(--green)}.faulty .word{color:var(--red)}
h1{margin:.2rem 0;font-size:1.4rem;line-height:1.3}
h2{margin:0 0 .5rem;font-size:1.15rem}h3{margin:1rem 0 .3rem;font-size:1rem}
section{margin:1.25rem 0;padding:1rem;background:var(--card);border:1px solid var(--edge);border-radius:.5rem}
p{margin:.3rem 0}ul{margin:.3rem 0;padding-left:1.2rem}small,footer,time{color:var(--soft)}
.subject{font-weight:600}
pre{margin:.3rem 0;padding:.6rem;background:var(--paper);border:1px solid var(--edge);border-radius:.3rem;overflow-x:auto;white-space:pre;overflow-wrap:normal}
code,pre{font:.9rem ui-monospace,monospace}
.never b,b.open{color:var(--red)}
.wide{overflow-x:auto}
table{width:100%;border-collapse:collapse}
th,td{padding:.35rem .5rem;border-top:1px solid var(--edge);text-align:left;vertical-align:top;min-width:4.5rem;overflow-wrap:break-word}
.found td:first-child{color:var(--red);font-weight:700}.ok td:first-child{color:var(--green)}.unknown td:first-child{color:var(--amber)}
.chain{display:flex;align-items:center;gap:.5rem}
.chain>p,.chain li{padding:.4rem .6rem;background:var(--paper);border:1px solid var(--edge);border-radius:.3rem}
.chain>p{border-color:var(--red)}.chain>p,.chain ul{flex:1 1 0;min-width:0}
.chain ul{list-style:none;margin:0;padding-left:1.8rem;border-left:2px solid var(--red)}
.chain li{position:relative;margin:.3rem 0}
.chain li::before{content:"\\2192";position:absolute;left:-1.5rem;color:var(--red)}
figure{margin:0 0 1rem}figcaption{color:var(--soft);font-size:.9rem}
svg{display:block;width:100%;height:8rem;background:var(--paper);border:1px solid var(--edge)}
svg path{fill:none;stroke-width:1.5;vector-effect:non-scaling-stroke}
.line{stroke:var(--blue)}svg .area{fill:var(--blue);fill-opacity:.15;stroke:none}
.threshold{stroke:var(--soft);stroke-dasharray:4 3}.change{stroke:var(--amber)}.onset{stroke:var(--red)}.restart{stroke:var(--red);stroke-dasharray:2 3}svg.strip{height:1.6rem}
.axis{display:flex;justify-content:space-between;color:var(--soft);font-size:.8rem}
.key{display:inline-block;width:.8rem;height:.8rem;vertical-align:middle;background:var(--amber)}.key.onset{background:var(--red)}.key.restart{background:repeating-linear-gradient(90deg,var(--red) 0 2px,transparent 2px 5px)}.key:not(:first-child){margin-left:1rem}
.times{list-style:none;padding:0}.times time{margin-right:.5rem}
@media (max-width:40rem){.chain{flex-direction:column;align-items:stretch}.chain>p,.chain ul{flex:none}body{padding:.6rem}section{padding:.7rem}thead{display:none}tr{display:block;border-top:1px solid var(--edge);padding:.3rem 0}td{display:block;border:0;padding:.1rem 0}td[data-label]::before{content:attr(data-label);color:var(--soft)}td:empty{display:none}}
`
