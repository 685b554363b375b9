"""A user study on two pictures at a time: design, store, analysis, and rehearsal.

    items       two methods answer the same sentence on the same face: the pairs that people compare
    design      who sees which pair when, and on which side: random, and balanced exactly
    store       one SQLite file a study: pairs, plan and answers; many browsers write to it at once
    creation    the file of a study, with what a participant reads before the first round
    answers     one row an answer; CSV out and in; people x pairs;  exclusion: who failed the checks
    preference  shares, exact tests, bootstrap over participants;  agreement: Krippendorff's alpha
    power       how many participants do you need?
    raters      simulated participants, to rehearse the analysis; oracle_raters: they ask the oracle
    rehearsal   a whole simulated study in one call;  report: everything above as one table

The widget is `panel.Study`, the figure `plots`. Nothing here invents answers of people: a simulated
study says so in its file, its CSV, its table and its figure.
"""
