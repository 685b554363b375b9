"""What comes from outside: published formats, downloads, declarations of domains.

checkpoints/  a published file -> a network; nothing in it is executed
loading       `load_domain(name or folder)`: a declaration and its files -> Domain
declaration, published/   what a domain says of itself;  published_domain: its networks
download, transfer   from an address to a checked file;  cache: where files lie, hashes, first check
listing       what is here, and what can run;  standin: a small domain of random numbers
"""
