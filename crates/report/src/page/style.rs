//! How does a page look? Its style sheet, charts included.

use crate::theme;

/// The whole style sheet of a page.
pub(super) fn css() -> String {
    format!("{}{}", theme::css(), PAGE)
}

const PAGE: &str = "
*{box-sizing:border-box}
html{overflow-x:clip;-webkit-text-size-adjust:100%}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:49rem;background:var(--paper);color:var(--ink);
 font:1rem/1.6 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;overflow-wrap:break-word}
h1{font-size:2rem;line-height:1.2;margin:0 0 .5rem;letter-spacing:-.01em}
h2{font-size:1.35rem;line-height:1.3;margin:3.2rem 0 .6rem}
h3{font-size:1.05rem;margin:0}
h2 a{color:inherit;text-decoration:none}
h2 a:hover::after,h2 a:focus::after{content:' #';color:var(--muted)}
a{color:var(--s0)}
.lead{font-size:1.12rem;color:var(--muted);margin:.2rem 0 1rem}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;font-size:.92rem;padding:.6rem 0;border-block:1px solid var(--grid)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:.86em}
code{background:var(--grid);border-radius:.25em;padding:.05em .3em}
pre{background:var(--grid);padding:.8rem 1rem;border-radius:.5rem;overflow-x:auto}
pre code{background:none;padding:0}
.patterns{position:absolute}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(13.5rem,100%),1fr));gap:.8rem;margin:1.2rem 0}
.cards:has(>:nth-child(4):last-child){grid-template-columns:repeat(auto-fit,minmax(min(16rem,100%),1fr))}
.card{border:1px solid var(--grid);border-top:4px solid var(--axis);border-radius:.5rem;padding:.8rem 1rem}
.card.good{border-top-color:var(--s2)}
.card.bad{border-top-color:var(--s1)}
.card p{margin:0}
.figure{font-size:1.9rem;font-weight:650;line-height:1.25;font-variant-numeric:tabular-nums}
.label{font-weight:550;line-height:1.35}
.anchor{color:var(--muted);font-size:.88rem;line-height:1.4;margin-top:.3rem!important}
.charts{margin:1.2rem 0}
.chart{margin:0 0 1rem;border:1px solid var(--grid);border-radius:.5rem;container-type:inline-size;overflow:hidden}
.chart .rf-narrow{display:none}
@container (max-width:560px){.chart .rf-wide{display:none}.chart .rf-narrow{display:block;max-width:30rem;margin:0 auto}}
.rf-spark{width:7.5rem!important;margin:.3rem 0}
.table{overflow-x:auto;margin:1.2rem 0}
table{border-collapse:collapse;width:100%;font-size:.93rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--muted);padding-bottom:.4rem}
th,td{text-align:left;padding:.38rem .7rem .38rem 0;border-bottom:1px solid var(--grid);vertical-align:top;overflow-wrap:normal}
th{color:var(--muted);font-weight:550;vertical-align:bottom}
th.number,td.number{text-align:right;white-space:nowrap}
th.number{white-space:normal}
tr.strong td{font-weight:650}
tr.strong td:first-child{box-shadow:inset 3px 0 0 var(--s0);padding-left:.6rem}
.note{border-left:4px solid var(--axis);padding:.5rem .9rem;background:color-mix(in srgb,var(--grid) 45%,transparent);border-radius:0 .4rem .4rem 0}
.note.good{border-color:var(--s2)}
.note.bad{border-color:var(--s1)}
details{margin:1rem 0;border:1px solid var(--grid);border-radius:.5rem;padding:.5rem 1rem}
summary{cursor:pointer;font-weight:550}
.term{border-bottom:1px dotted var(--muted);cursor:help;position:relative}
.tip{display:none;position:absolute;left:0;top:1.7em;z-index:2;width:19rem;max-width:80vw;padding:.6rem .8rem;font-size:.88rem;
 font-weight:400;line-height:1.45;color:var(--ink);background:var(--paper);border:1px solid var(--axis);border-radius:.4rem;
 box-shadow:0 4px 16px rgba(0,0,0,.25);text-align:left;white-space:normal}
.term:hover .tip,.term:focus .tip{display:block}
.dossier{border:1px solid var(--grid);border-left:5px solid var(--axis);border-radius:.5rem;padding:1rem 1.1rem;margin:1.2rem 0}
.dossier.good{border-left-color:var(--s2)}
.dossier.bad{border-left-color:var(--s1)}
.dossier header{display:flex;flex-wrap:wrap;gap:.4rem 1rem;align-items:center;justify-content:space-between}
.badge{font-size:.9rem;font-weight:650;border:1.5px solid var(--axis);border-radius:2em;padding:.1rem .8rem}
.badge.good{border-color:var(--s2)}
.badge.bad{border-color:var(--s1)}
.facts{display:flex;flex-wrap:wrap;gap:.2rem 1.8rem;margin:.8rem 0}
.facts dt{color:var(--muted);font-size:.84rem}
.facts dd{margin:0;font-weight:550;font-variant-numeric:tabular-nums}
.weights,.moments{list-style:none;padding:0;margin:1rem 0 0}
.weights li{display:grid;grid-template-columns:4.2rem 5.4rem 1fr;gap:.6rem;align-items:baseline;padding:.28rem 0;border-bottom:1px solid var(--grid)}
.weights .shown{text-align:right;font-variant-numeric:tabular-nums;color:var(--muted);font-size:.9rem;white-space:nowrap}
.weights code{color:var(--muted);background:none;padding:0}
.rf-bar{width:4rem!important;display:inline-block!important}
.rf-bar .axis{fill:var(--axis)}
.moments li{position:relative;padding:0 0 .7rem 1.5rem;border-left:2px solid var(--axis);margin-left:.4rem;line-height:1.4}
.moments li:last-child{border-left-color:transparent}
.moments li::before{content:'';position:absolute;left:-.44rem;top:.3rem;width:.75rem;height:.75rem;border-radius:50%;background:var(--paper);border:2px solid var(--axis)}
.moments li.bad::before{background:var(--s1);border-color:var(--s1);border-radius:.1rem}
.moments li.good::before{background:var(--s2);border-color:var(--s2)}
.moments time{display:block;color:var(--muted);font-size:.84rem;font-variant-numeric:tabular-nums}
.moments .more{display:block;color:var(--muted);font-size:.92rem}
.terms dl{display:grid;gap:.5rem}
.terms dl div{display:grid;grid-template-columns:minmax(7rem,13rem) 1fr;gap:1rem}
.terms dt{font-weight:550}
.terms dd{margin:0;color:var(--muted)}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--grid);color:var(--muted);font-size:.88rem}
@media (max-width:40rem){body{padding-top:1.2rem}h1{font-size:1.6rem}h2{margin-top:2.4rem}
 td:first-child{min-width:6rem}td.number{white-space:normal}
 .tip{position:fixed;left:1rem;right:1rem;top:auto;bottom:1rem;width:auto;max-width:none}
 .weights li{grid-template-columns:4.2rem 1fr}.weights .said{grid-column:1/-1}.weights .shown{text-align:left}
 .terms dl div{grid-template-columns:1fr;gap:0}}
@media print{body{max-width:none;padding:0;font-size:10pt}nav,.tip{display:none!important}h2{break-after:avoid}
 .chart,.card,.dossier,tr{break-inside:avoid}.chart .rf{max-width:15cm}details{border:0;padding:0}}
";
