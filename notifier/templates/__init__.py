"""The texts of notices, in Chinese and English; a first line is the title."""
