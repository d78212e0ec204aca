"""The reference's own files: its seeds and runs become run files of ours, and the other way."""
