"""What counts as the declaration of a capture."""

from pia_runtime.model.declaration import Declaration, DeclaredItem
from pia_runtime.model.session import Session


def declared_of(declaration: Declaration | None, session: Session) -> Declaration | None:
    """The declaration file, with the data named in ``session.app.declared_data`` beside it; None where neither stands."""
    named = tuple(DeclaredItem.model_validate({"data": data}) for data in dict.fromkeys(session.app.declared_data))
    if declaration is None:
        return Declaration.model_validate({"kind": "session", "items": named}) if named else None
    return declaration.model_copy(update={"items": (*declaration.items, *named)})
