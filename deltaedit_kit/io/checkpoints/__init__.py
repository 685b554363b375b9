"""Published checkpoints, read as data: `load_stylegan2(path)` and its kin. Nothing is executed.

    container.py    what a file is, by its first bytes     kind.py, kinds.py   what it holds
    reading.py      one way into every file                filling.py   tensors -> network
    torch_files.py  .pt, .pth, TorchScript                 restricted.py, pickled.py   pickles
    stylegan2.py, stylegan2_ada.py, stylegan2_tf.py, delta_mapper.py, e4e.py, arcface.py, clip.py,
    arrays.py       one format or kind each                converting.py, describing.py

A reader raises DeltaEditError naming the file, the cause and the remedy.
"""
