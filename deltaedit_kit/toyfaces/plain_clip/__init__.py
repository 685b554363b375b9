"""toyfaces-plain-clip: the portraits of toyfaces, seen by a CLIP that nobody arranged.

    generator, oracle, encoder, identity    those of toyfaces
    CLIP                                    symmetric InfoNCE on (render, caption), and nothing else
    mapper, relevance R                     made for this CLIP, from independent pairs

The CLIP of toyfaces was asked to make differences of texts point along differences of pictures.
This one was not: what DeltaEdit can do here, it can because that came by itself. The cards in
`weights/` say how far it did, the commands are in `recipes/toyfaces_learned/`.
"""
