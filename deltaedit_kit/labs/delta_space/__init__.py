"""Do differences of texts and of pictures correspond?

alignment/  measures with their nulls   clouds/  where the vectors come from
projection  t-SNE, UMAP and PCA planes  scatter  two planes, linked
recorded    the measures of the paper's features, for those who do not have them
"""
