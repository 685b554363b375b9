"""What the method stands on and a reader of the method may pass over.

errors.py    errors that name cause and remedy, and the checks that raise them
device.py    which device, dtype and precision the kit computes with
atomic.py    files that are written whole or not at all, with a checksum
lock.py      one writer for each folder
pictures.py  pictures to bytes, grids and PNG;  alt_text.py  the same in words
skeleton.py  a network's shapes without its numbers
"""
