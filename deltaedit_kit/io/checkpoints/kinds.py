"""All kinds of checkpoints, in the order in which a file is asked."""

from deltaedit_kit.io.checkpoints import arcface, arrays, clip, delta_mapper, e4e, stylegan2

KINDS = (
    stylegan2.KIND,
    delta_mapper.KIND,
    e4e.KIND,
    arcface.KIND,
    clip.KIND,
    arrays.RELEVANCE,
    arrays.CODES,
)
