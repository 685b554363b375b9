"""From a photo back to the codes of a generator, and whether it is still the same person.

ir_se.py     the residual body with channel attention that both networks share
e4e.py       photo -> w+ (encoder for editing)
arcface.py   photo -> unit vector of the person
"""
