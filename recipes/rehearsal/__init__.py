"""A rehearsal of the published domains at full size, without a single published number.

stand_ins.py     files of the true formats and sizes, full of random numbers of a sensible scale
site.py          serves them on the loopback address, cutting the largest in the middle
measured.py      a command in a process of its own: seconds, peak of its memory, bytes it left
declaring.py     the published declaration with the addresses and hashes of the stand-ins
lesson.py        notebook 08 with a domain of these files, on a CPU
__main__.py      `python -m recipes.rehearsal`: every command on ffhq and lsun-cat, and the table

What it shows: formats, sizes, disk, memory, time, resume. What it cannot show: pictures.
"""
