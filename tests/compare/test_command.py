"""`deltaedit evaluate` on random networks: its tables, its second run, its one line of refusal."""

from __future__ import annotations

import pytest

from deltaedit_kit.labs.cli.main import main
from deltaedit_kit.labs.compare.table import read_table
from tests.tiny_domain import tiny_domain


@pytest.mark.slow
def test_the_command_compares_prints_and_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("deltaedit_kit.io.loading.load_domain", lambda *_a, **_k: tiny_domain())
    out = tmp_path / "out"
    command = ["evaluate", "tiny", "--quick", "--methods", "deltaedit, tedigan"]
    for _ in range(2):
        assert main([*command, "--out", str(out)]) in (0, None)
        printed = capsys.readouterr().out
        assert "deltaedit" in printed
        assert "fid:clip-tiny" in printed
    methods = set(read_table(out / "summary.csv")["method"])
    assert methods == {"deltaedit", "tedigan", "unedited"}
    monkeypatch.chdir(tmp_path)
    for domain in (str(tmp_path / "cats"), "../cats"):  # results of a folder do not go into it
        assert main(["evaluate", domain, "--quick", "--methods", "deltaedit"]) in (0, None)
        assert (tmp_path / "runs" / "evaluate" / "cats-quick" / "table.csv").is_file()
        assert not (tmp_path / "cats-quick").exists()
    (tmp_path / "p.csv").write_text("txt\nface\n")
    for options, words in (
        (["--prompts", str(tmp_path / "p.csv")], "did you mean 'text'"),
        (["--strengths", "1,x"], "give numbers as in"),
        (["--methods", "gan"], "no method 'gan'"),
        (["--faces", "1"], "faces"),
    ):
        with pytest.raises(SystemExit):
            raise SystemExit(main(["evaluate", "tiny", *options, "--out", str(tmp_path / "x")]))
        assert words in capsys.readouterr().err
