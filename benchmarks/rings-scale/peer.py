"""How long does igraph take for the links of the benchmark `rings_scale`? Reading left out: components, then Leiden.

python3 -m venv venv && venv/bin/pip install igraph numpy
cargo bench -p ringfence-leads --bench rings_scale -- 200000 edges.txt
venv/bin/python benchmarks/rings-scale/peer.py edges.txt
"""

import resource
import sys
import time

import igraph
import numpy

pairs = numpy.loadtxt(sys.argv[1], dtype=numpy.int64)
accounts = int(pairs[:, 0].max()) + 1
values, places = numpy.unique(pairs[:, 1], return_inverse=True)
edges = numpy.column_stack([pairs[:, 0], places + accounts])


def timed(what, work):
    start = time.process_time()
    result = work()
    print(f"{what}: {time.process_time() - start:.1f} s of processor time, {len(result)} parts", flush=True)


print(f"igraph {igraph.__version__}, {accounts} accounts, {len(values)} identifiers, {len(edges)} links", flush=True)
start = time.process_time()
graph = igraph.Graph(n=accounts + len(values), edges=edges)
print(f"building: {time.process_time() - start:.1f} s")
timed("connected components", graph.connected_components)
timed("Leiden (modularity, until it stands still)", lambda: graph.community_leiden(objective_function="modularity", n_iterations=-1))
print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
