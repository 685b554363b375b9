"""Around a training of the mapper: watched, compared, spread over processes.

session    a run that somebody watches, pauses, stops;  monitor: its panel
ablation   one switch each, in a table                  processes: several at once
"""
