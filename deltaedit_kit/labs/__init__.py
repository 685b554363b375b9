"""What a class does around the method. Labs import the core; the core never imports a lab.

style_space   turn one channel        delta_space  do differences of texts and pictures agree?
photo         a photograph -> w+, s   training     watch, compare and distribute a training
metrics       one measure a file      compare      other methods, the same faces, one table
studio        the editing panel       study        a blind user study
cli           the same in a terminal
"""
