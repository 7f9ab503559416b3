"""What is true whatever database, web framework or GPU is used: rules, ports and use cases.

Importing it needs attrs and the standard library alone.
"""
