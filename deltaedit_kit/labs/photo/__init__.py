"""From a photo back to the codes of a generator, and whether it is still the same person.

    from deltaedit_kit.labs.photo.inverting import invert
    inversion = invert("me.jpg", domain, refine=100);   Editor(domain).edit(inversion.faces, ...)

photos.py     any picture file -> upright RGB
alignment.py  faces on a photo -> FFHQ's crop
e4e.py        crop -> w+ (encoder for editing); toyfaces has its own in domains/toyfaces/encoder.py
encoding.py   the encoder's answer, corrected by a look at what it drew
refining.py   w+ -> a w+ that draws this very picture
fidelity.py   how much of the photo is left: PSNR, identity, CLIP
inverting.py  `invert`: all of these in a row
arcface.py    crop -> unit vector of the person;  ir_se.py: the body that e4e and it share
"""
