with items as (

    select * from {{ ref('stg_order_items') }}

),

orders as (

    select * from {{ ref('fct_orders') }}
    where status != 'cancelled'

),

products as (

    select * from {{ ref('stg_products') }}

)

select
    products.sku,
    products.product_name,
    products.category,
    sum(items.quantity) as items,
    sum({{ to_eur('items.amount', 'orders.rate_to_eur') }}) as amount_eur
from items
inner join orders
    on items.order_id = orders.order_id
inner join products
    on items.sku = products.sku
group by all
