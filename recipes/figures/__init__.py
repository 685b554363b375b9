"""The figures of the project, one a file, each drawn from networks and numbers of today.

python -m recipes.figures             all of them, into figures/
python -m recipes.figures fig3 fig5   some of them
"""
