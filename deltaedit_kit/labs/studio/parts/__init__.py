"""Parts of the studio's panel: what it says, what it schedules, how it looks.

latest      events -> only the latest state is drawn
markup      pictures and tables -> HTML in which every text is escaped;  studio.css: light and dark
inputs      a number, a sentence, the strip of faces;  file_button: a file, in pieces
controls    everything that sets something;  save_bar: undo, files;  screen: what is shown
"""
