"""Every sabotage, in the order in which they are tried."""

from __future__ import annotations

from tests.sabotage.banking import BANKING
from tests.sabotage.changing import CHANGING
from tests.sabotage.custody import CUSTODY
from tests.sabotage.owing import OWING
from tests.sabotage.paying import PAYING, READING
from tests.sabotage.prices import PRICING
from tests.sabotage.promising import PROMISING
from tests.sabotage.releasing import RELEASING
from tests.sabotage.saying import SAYING
from tests.sabotage.taking import TAKING
from tests.sabotage.waiting import DRAWING, WAITING

SABOTAGES = (
    *TAKING,
    *WAITING,
    *DRAWING,
    *CHANGING,
    *PAYING,
    *PROMISING,
    *PRICING,
    *OWING,
    *BANKING,
    *READING,
    *CUSTODY,
    *RELEASING,
    *SAYING,
)
