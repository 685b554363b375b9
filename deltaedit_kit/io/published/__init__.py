"""The domains that others published, one declaration each: `ffhq.json`, `lsun-cat.json`, ...

Every file in them says where its address, hash and size were found (`facts`). The names and the
order of the files are part of the kit; the files themselves are fetched at their first use.
"""
