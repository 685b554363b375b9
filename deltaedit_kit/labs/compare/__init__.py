"""The comparison: same faces, same sentences, same CLIP, every method, numbers that can be trusted.

baselines      DeltaEdit and the four methods that it is compared with, behind one call
prompts        sentences, what each asks for, and which of them are only for tuning
presets        each method's settings: as published, shortened for a CPU, tuned
evaluator      pictures before and after -> every metric, one value a face
runs           one method with one sentence: computed once, kept on disk, a failure is a result
comparison     all runs, resumable;   files: what it keeps on the disk, typed
results        runs -> tables with intervals;   table: as DataFrames and CSV files
findings       tables -> words that follow the numbers, whoever wins
plot_metrics, plot_methods, explorer   tables and pictures to look at
"""
