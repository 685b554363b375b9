"""Published checkpoints, read as data. Nothing in a file is executed.

container.py    what a file is, by its first bytes      budget.py   what reading it may cost
pickle_machine.py, pickle_data.py   pickles             torch_files.py   .pt, .pth, TorchScript
reading.py      one way into every file                 filling.py  tensors -> network
kind.py         what a kind of checkpoint is            foreign.py  what only looks like ours
stylegan2.py, stylegan2_ada.py, stylegan2_tf.py, delta_mapper.py, clip.py, arrays.py,
e4e.py, arcface.py   one format or kind each, these two with their networks (body: ir_se.py)
kinds.py        all of them                             converting.py, describing.py
loaders.py      `load_stylegan2(path)` and its kin
"""
