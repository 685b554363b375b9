"""The studio as a page of its own: a Voilà server that shares one set of networks.

server   token, Host, sessions;   forked   kernels as forks;   warm   what they share
"""
