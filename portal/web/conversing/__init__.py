"""The pages of conversations that patients, psychologists and the desk share; each room says whose they are."""
