"""What programs outside may call over HTTP, one thin file for each resource; docs/rest-api.md shows every one with curl.

Each function checks what it was given and who asks, then hands over to the room that does the work.
"""
