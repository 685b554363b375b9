"""From a photo back to the codes of a generator, and whether it is still the same person.

    from deltaedit_kit.labs.photo.inverting import invert
    inversion = invert("me.jpg", domain, refine=100);   Editor(domain).edit(inversion.faces, ...)

inverting.py     `invert`: all of the following in a row
photos.py        any picture file -> upright RGB;  bounds.py: what it may cost;  levels.py: 8 bits
alignment.py     faces on a photo -> FFHQ's crop
encoding.py      crop -> w+ by the domain's encoder, corrected by a look at what it drew
refining.py      w+ -> a w+ that draws this very picture
fidelity.py      how much of the photo is left: PSNR, identity, CLIP;  plots.py: seen beside it
code_sources.py  a folder of photos as a source of codes for training

Encoders and networks for identities: io/ (e4e, ArcFace) and toyfaces/.
"""
