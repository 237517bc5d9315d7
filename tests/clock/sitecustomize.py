"""Shows every Python process of a test run another time than the machine's, from which time goes on.

`manage.py test --at` puts this folder on PYTHONPATH: Python imports a module of this name before anything else, so
that tests, servers, queues and whatever they start agree. Only the wall clock is another: waiting is as long as ever.
"""

import os
import time
from datetime import timedelta

if _shift := os.environ.get("PORTAL_CLOCK_SHIFT"):
    try:
        import time_machine
    except ImportError:
        pass  # a bare Python, such as the one that sets the portal up, reads no clock of ours
    else:
        time_machine.travel(timedelta(seconds=float(_shift))).start()
        time.time()  # from the first look on, it goes with the machine's clock
