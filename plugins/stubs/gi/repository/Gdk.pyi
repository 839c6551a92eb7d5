from enum import Enum, IntFlag

KEY_Down: int
KEY_Left: int
KEY_Right: int
KEY_Up: int
SELECTION_CLIPBOARD: Atom

class Atom: ...

class EventMask(IntFlag):
    BUTTON_MOTION_MASK = ...
    BUTTON_PRESS_MASK = ...
    KEY_PRESS_MASK = ...

class ModifierType(IntFlag):
    BUTTON1_MASK = ...
    BUTTON2_MASK = ...
    BUTTON3_MASK = ...
    SHIFT_MASK = ...

class Gravity(Enum):
    NORTH_WEST = ...
    SOUTH_WEST = ...

class Event: ...

class EventButton:
    button: int
    x: float
    y: float

class EventKey:
    keyval: int
    state: ModifierType

class EventMotion:
    state: ModifierType
    x: float
    y: float
