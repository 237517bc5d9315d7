"""The privacy policy and the fees policy: written from the settings in force, then published and never changed."""
