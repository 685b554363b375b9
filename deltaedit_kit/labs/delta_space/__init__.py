"""Do differences of texts and of pictures correspond?

alignment/  measures with their nulls   clouds/  where the vectors come from
projection  t-SNE, UMAP and PCA planes  scatter  two planes, linked
"""
