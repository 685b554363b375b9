"""Parts of the studio's panel, one a file: what it says, what it schedules, how it looks.

newest      events -> only the newest state is drawn
markup      pictures and tables -> HTML in which every text is escaped;  style: light and dark
dial, sentence_row, face_picker, files     controls, each with a label that a screen reader reads
names       what ipywidgets leaves unsaid to a screen reader
"""
