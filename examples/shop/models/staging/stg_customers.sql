select
    id as customer_id,
    name as customer_name,
    email,
    country as country_code,
    cast(created_at as timestamp) as created_at,
    cast(updated_at as timestamp) as updated_at
from {{ source('shop', 'customers') }}
