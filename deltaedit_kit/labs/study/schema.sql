CREATE TABLE study (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE item (
    item INTEGER PRIMARY KEY,
    sentence TEXT NOT NULL,
    face TEXT NOT NULL,
    first TEXT NOT NULL,
    second TEXT NOT NULL
) STRICT;
CREATE TABLE picture (
    item INTEGER NOT NULL REFERENCES item,
    role TEXT NOT NULL,
    png BLOB NOT NULL,
    PRIMARY KEY (item, role)
) STRICT;
CREATE TABLE participant (
    participant INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    questions TEXT NOT NULL
) STRICT;
CREATE TABLE round (
    participant INTEGER NOT NULL REFERENCES participant,
    position INTEGER NOT NULL,
    item INTEGER NOT NULL REFERENCES item,
    is_check INTEGER NOT NULL,
    swapped INTEGER NOT NULL,
    PRIMARY KEY (participant, position)
) STRICT;
CREATE TABLE answer (
    participant INTEGER NOT NULL,
    position INTEGER NOT NULL,
    question TEXT NOT NULL,
    choice TEXT NOT NULL CHECK (choice IN ('left', 'right')),
    seconds REAL NOT NULL,
    PRIMARY KEY (participant, position, question),
    FOREIGN KEY (participant, position) REFERENCES round (participant, position)
) STRICT;
