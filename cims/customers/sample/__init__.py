"""Sample data: customers, orders and payments that look like a business, made anew on every site and removed in one go.

`behaviour` decides who orders what and pays when, `people` gives them names (Faker), `rows` makes documents of both,
`records` puts them into the database and takes them out again, `logins` adds a user for each role. The same seed and day make the same records.
"""
