select
    sku,
    title as product_name,
    category,
    cast(list_price_eur as decimal(12, 2)) as list_price_eur
from {{ source('shop', 'products') }}
