"""The comparison: same faces, same sentences, same CLIP, every method, numbers that can be trusted.

prompts   sentences, what each asks for, and which of them are only for tuning
presets   each method's settings: as published, shortened for a CPU, and the grid to tune over
evaluator     pictures before and after -> every metric, one value a face
runs     one method with one sentence: computed once, kept on disk, a failure is a result
tuning    the best setting on sentences that the table never sees
comparison  all runs, resumable
results   runs -> tidy tables with intervals
findings  tables -> words that follow the numbers, whoever wins
"""
