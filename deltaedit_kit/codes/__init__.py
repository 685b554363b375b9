"""Codes: the training set of the mapper, from a picture to a store of many thousand (s, i).

sources.py    samples, families, or photographs: w+    embedding.py   w+ -> (s, i), a batch
store.py      a folder of shards, memory-mapped        make.py        filling it, killed or not
header.py     what the store says of itself            published.py   the released .npy files
memory.py     codes as tensors
"""
