"""What is remembered of answers is bounded."""

from clevora_mock.api.memory import Memory


def test_the_oldest_goes_where_there_is_no_room() -> None:
    memory: Memory[int, str] = Memory(2)
    for number in range(4):
        memory.keep(number, str(number))
        assert len(memory) <= 2
    assert dict(memory) == {2: "2", 3: "3"}
