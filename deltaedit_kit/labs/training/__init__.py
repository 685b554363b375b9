"""Around a training of the mapper: made fast, watched, compared, spread over processes.

start        train_fast: what everything below and the command line call; Ctrl-C loses nothing
fast         steps that take less time, and a run of few steps;  effective: the weights that it has
experiment   correlated pairs, early stopping, ablations;  ablation: their table
processes    several at once
session      a run that somebody watches, pauses, stops;  monitor: its panel;  plots
hearing      a cell that waits for it, and hears the buttons meanwhile
speed        the share of what the machine could do
"""
