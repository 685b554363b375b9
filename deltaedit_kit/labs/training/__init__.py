"""Around a training of the mapper: made fast, watched, compared, spread over processes.

start        train_fast: what everything below and the command line call; Ctrl-C loses nothing
fast         effective weights, precision, passes, compiling;  effective: the weights
short        a run of minutes: rates, warm-up, orthogonal start, averaged weights
experiment   correlated pairs, early stopping, ablations;  ablation: their table
processes    several at once;  ranks: which one am I
session      a run that somebody watches, pauses, stops;  monitor: its panel;  plots
hearing      a cell that waits for it, and hears the buttons meanwhile
speed        the share of what the machine could do
"""
