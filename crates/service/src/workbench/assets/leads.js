// What do the pages of leads do beyond links and forms? They load the graph, where the page has one.
"use strict";
for (const root of document.querySelectorAll("[data-graph]")) {
  import(root.dataset.graph).then((graph) => graph.begin(root)).then((view) => { root.view = view; });
}
