"""The benchmarks' pure parts: bodies that never repeat, verdicts on goals, and the report of the committed results."""

from itertools import islice

from benchmarks import chart, tables
from benchmarks.bodies import Bodies
from benchmarks.goals import Goal
from benchmarks.results import FOLDER, Figure, Results, read

FASTER = Goal("chat", "chat", "time", "at least", 2, "other", "mock")
SMALL = Goal("memory", "start", "memory", "at most", 45, "mock")


def results(*figures: Figure) -> Results:
    """Results of a run with nothing but these figures."""
    return Results("a machine", "a commit", "--flags", {}, 3, 1.0, list(figures))


class TestBodies:
    """Requests of a run."""

    def test_no_body_comes_twice_in_a_run(self) -> None:
        """All iterators of a `Bodies` number their requests by one shared count."""
        bodies = Bodies()
        drawn = [
            *islice(bodies.chats(), 50_000),
            *islice(bodies.chats(stream=True), 20_000),
            *islice(bodies.embeddings(base64=True), 20_000),
            *islice(bodies.chats(), 50_000),
        ]
        assert len(set(drawn)) == 140_000

    def test_every_run_has_the_same_bodies(self) -> None:
        first, second = Bodies().chats(), Bodies().chats()
        assert list(islice(first, 1000)) == list(islice(second, 1000))

    def test_bodies_have_about_the_same_length(self) -> None:
        """Lengths differ by less than a fifth, and each head states its body's length."""
        drawn = [request.split(b"\r\n\r\n") for request in islice(Bodies().chats(), 10_000)]
        lengths = [len(body) for _, body in drawn]
        assert max(lengths) < 1.2 * min(lengths)
        for head, body in drawn:
            assert f"content-length: {len(body)}" in head.decode().splitlines()


class TestGoals:
    """Verdicts."""

    def test_a_ratio_is_taken_round_by_round(self) -> None:
        """The verdict compares the median of the rounds' ratios with the goal."""
        figure = Figure("chat", "time", "µs", values={"other": [20, 10, 120], "mock": [10, 20, 30]})
        assert FASTER.found(results(figure)) == [2, 0.5, 4]
        assert FASTER.verdict(results(figure)) == "met"

    def test_the_median_counts(self) -> None:
        figure = Figure("start", "memory", "MiB", values={"mock": [40, 45.1, 50]})
        assert SMALL.verdict(results(figure)) == "missed"

    def test_what_was_not_measured_is_neither_met_nor_missed(self) -> None:
        """A goal needs its figure, and a ratio also needs the figure of the other server."""
        alone = Figure("chat", "time", "µs", values={"mock": [10]})
        assert [FASTER.verdict(results(alone)), SMALL.verdict(results(alone))] == ["not measured", "not measured"]


class TestReport:
    """The committed results."""

    def test_the_report_and_the_chart_are_those_of_the_results(self) -> None:
        """``python -m benchmarks.tables`` writes them anew."""
        committed = read()
        assert (FOLDER / "results.md").read_text(encoding="utf-8") == tables.report(committed)
        assert (FOLDER / "results.svg").read_text(encoding="utf-8") == chart.svg(committed)
