"""The subjects of the shipped catalog's items."""

from clevora_mock.catalog.items import CatalogItem
from clevora_mock.catalog.subjects import load_subjects

_SUBJECT_BY_TAGS = {subject.tags: subject.name for subject in load_subjects()}


def subject_of(item: CatalogItem) -> str:
    """Return the subject of an item, which begins with its subject's two tags."""
    return _SUBJECT_BY_TAGS[item.tags[:2]]
