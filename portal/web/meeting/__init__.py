"""The room of a session by video, as the patient's and the psychologist's pages share it."""
